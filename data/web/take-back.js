// Takes back what was saved after somebody had cancelled it: a request that is on its way cannot be
// stopped, but what it did can be undone before anybody has seen it.
import { explain } from "./api.js";
import { toast } from "./toast.js";
import { changeOrder, removeOrder } from "./desk-data.js";
import { difference } from "./order.js";

/** before: the order as it was, null if it is new; r: the answer to the save. */
export async function takeBack(before, r, changed) {
  const { id } = r.body;
  try {
    if (before) {
      const { body, etag } = r;
      await changeOrder(id, difference(body, before), etag);
      toast(`Order ${id} is as it was: you cancelled the change`);
    } else {
      await removeOrder(id, r.etag);
      toast("No order was created: you cancelled it");
    }
  } catch (e) {
    toast(`Order ${id} was saved before it could be cancelled. ${explain(e)}`, {
      tone: "bad",
      seconds: 10,
    });
  }
  changed?.();
}
