// The kind of frontend that is written for kiosk: it signs in, shows the products, orders, and has a route of its own
// named like the API's. VITE_API, set when it is built, says where the API is: "/api", "" (bare paths) or an address.
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import "./main.css";

const API = import.meta.env.VITE_API;

async function call(path, options) {
  const answer = await fetch(API + path, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error);
  return body;
}

function useRoute() {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const changed = () => setPath(location.pathname);
    addEventListener("popstate", changed);
    return () => removeEventListener("popstate", changed);
  }, []);
  return [
    path,
    to => {
      history.pushState(null, "", to);
      setPath(to);
    },
  ];
}

function SignIn({ onName }) {
  const [name, setName] = useState("");
  return (
    <form
      onSubmit={e => {
        e.preventDefault();
        onName(name);
      }}
    >
      <label>
        Name <input value={name} onChange={e => setName(e.target.value)} />
      </label>
      <button>Sign in</button>
    </form>
  );
}

function Shop({ name }) {
  const [user, setUser] = useState(null);
  const [products, setProducts] = useState([]);
  const [chosen, setChosen] = useState([]);
  const [problem, setProblem] = useState("");
  const load = () =>
    call(`/users/${name}`).then(
      r => setUser(r.user),
      e => setProblem(e.message),
    );
  useEffect(() => {
    load();
    call("/products").then(
      r => setProducts(r.products),
      e => setProblem(e.message),
    );
  }, [name]);

  async function order() {
    try {
      await call("/orders", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ order: { items: chosen, user_id: name } }),
      });
      setChosen([]);
      await load();
    } catch (e) {
      setProblem(e.message);
    }
  }

  const total = products.filter(p => chosen.includes(p.id)).reduce((sum, p) => sum + p.price, 0);
  return (
    <main>
      <p>
        Balance <output data-testid="balance">{user?.data.balance.toFixed(2)}</output>
      </p>
      <ul>
        {products.map(p => (
          <li key={p.id} data-testid="product">
            <label>
              <input
                type="checkbox"
                checked={chosen.includes(p.id)}
                disabled={user?.data.product_ids.includes(p.id)}
                onChange={e =>
                  setChosen(e.target.checked ? [...chosen, p.id] : chosen.filter(id => id !== p.id))
                }
              />
              {p.name}, {p.price.toFixed(2)}
            </label>
          </li>
        ))}
      </ul>
      <button onClick={order} disabled={!chosen.length}>
        Order for {total.toFixed(2)}
      </button>
      <p role="alert">{problem}</p>
    </main>
  );
}

function Desk() {
  const [orders, setOrders] = useState([]);
  // Bare, this is the very address of the page.
  useEffect(() => {
    call(API.endsWith("/api") ? "/orders?user_id=johndoe" : "/orders").then(r =>
      setOrders(r.orders ?? r),
    );
  }, []);
  return (
    <main>
      <h1>Orders</h1>
      <ul>
        {orders.map(o => (
          <li key={o.id ?? o.order_id} data-testid="order">
            #{o.id ?? o.order_id}
          </li>
        ))}
      </ul>
    </main>
  );
}

function App() {
  const [path, go] = useRoute();
  const [name, setName] = useState("");
  const page =
    path === "/orders" ? <Desk /> : name ? <Shop name={name} /> : <SignIn onName={setName} />;
  const link = (to, text) => (
    <a
      href={to}
      onClick={e => {
        e.preventDefault();
        go(to);
      }}
    >
      {text}
    </a>
  );
  return (
    <>
      <nav>
        {link("/", "Shop")} {link("/orders", "Orders")}
      </nav>
      {page}
    </>
  );
}

createRoot(document.getElementById("root")).render(<App />);
