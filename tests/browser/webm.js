// A small film for tests, made in the browser: nothing is downloaded, and nothing lies in the repository.

const FILM = { seconds: 30, framesPerSecond: 8, width: 320, height: 240 };

/** The second that a picture is of: its bits are bands of black and white in the left half, the lowest on top. */
export function readSecond(context) {
  return [0, 1, 2, 3, 4].reduce(
    (second, bit) =>
      second + (context.getImageData(60, 24 + bit * 48, 1, 1).data[0] > 127) * 2 ** bit,
    0,
  );
}

/** The frames of the film as the page encodes them: `[{ key, ms, data }]`. The right half is noise, which takes room. */
function encodeFrames({ seconds, framesPerSecond, width, height }) {
  const canvas = new OffscreenCanvas(width, height),
    context = canvas.getContext("2d");
  const frames = [];
  const encoder = new VideoEncoder({
    output: chunk => {
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      let text = "";
      for (let i = 0; i < data.length; i += 4096)
        text += String.fromCharCode(...data.subarray(i, i + 4096));
      frames.push({ key: chunk.type === "key", ms: chunk.timestamp / 1000, data: btoa(text) });
    },
    error: error => {
      throw error;
    },
  });
  encoder.configure({
    codec: "vp8",
    width,
    height,
    bitrate: 3_000_000,
    framerate: framesPerSecond,
  });
  const noise = context.createImageData(width / 2, height);
  for (let i = 0; i < seconds * framesPerSecond; ++i) {
    for (let bit = 0; bit < 5; ++bit) {
      context.fillStyle = Math.floor(i / framesPerSecond) & (1 << bit) ? "white" : "black";
      context.fillRect(0, (bit * height) / 5, width, height / 5);
    }
    for (let byte = 0; byte < noise.data.length; ++byte)
      noise.data[byte] = byte % 4 === 3 ? 255 : Math.random() * 256;
    context.putImageData(noise, width / 2, 0);
    const frame = new VideoFrame(canvas, { timestamp: (i * 1e6) / framesPerSecond });
    encoder.encode(frame, { keyFrame: i % framesPerSecond === 0 });
    frame.close();
  }
  return encoder.flush().then(() => frames);
}

const bytes = (...parts) =>
  Buffer.concat(parts.map(part => (Buffer.isBuffer(part) ? part : Buffer.from(part))));

/** A number in eight bytes, so that the length of what it is in is known before its value is. */
function number(value) {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64BE(BigInt(value));
  return buffer;
}

function float(value) {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleBE(value);
  return buffer;
}

/** An element of EBML: its id in hexadecimal digits, its size in eight bytes, its content. */
function element(id, ...content) {
  const payload = bytes(...content),
    size = number(payload.length);
  size[0] = 1;
  return bytes(Buffer.from(id, "hex"), size, payload);
}

/** Frames as a WebM file with an index, in which a player can seek (https://www.webmproject.org/docs/container/). */
function mux(frames) {
  const clusters = [];
  for (const frame of frames) {
    if (frame.key) clusters.push({ ms: frame.ms, blocks: [] });
    const cluster = clusters.at(-1),
      header = Buffer.from([0x81, 0, 0, frame.key ? 0x80 : 0]);
    header.writeInt16BE(frame.ms - cluster.ms, 1);
    cluster.blocks.push(element("A3", header, Buffer.from(frame.data, "base64")));
  }
  const contents = clusters.map(({ ms, blocks }) =>
    element("1F43B675", element("E7", number(ms)), ...blocks),
  );
  const info = element(
    "1549A966",
    element("2AD7B1", number(1_000_000)),
    element("4489", float(FILM.seconds * 1000)),
    element("4D80", "kiosk"),
    element("5741", "kiosk"),
  );
  const tracks = element(
    "1654AE6B",
    element(
      "AE",
      element("D7", [1]),
      element("73C5", [1]),
      element("83", [1]),
      element("86", "V_VP8"),
      element("E0", element("B0", number(FILM.width)), element("BA", number(FILM.height))),
    ),
  );
  const index = begin => {
    let position = begin;
    return element(
      "1C53BB6B",
      ...clusters.map(({ ms }, i) => {
        const point = element(
          "BB",
          element("B3", number(ms)),
          element("B7", element("F7", [1]), element("F1", number(position))),
        );
        position += contents[i].length;
        return point;
      }),
    );
  };
  const begin = info.length + tracks.length + index(0).length;
  const head = element(
    "1A45DFA3",
    element("4286", [1]),
    element("42F7", [1]),
    element("42F2", [4]),
    element("42F3", [8]),
    element("4282", "webm"),
    element("4287", [2]),
    element("4285", [2]),
  );
  return bytes(head, element("18538067", info, tracks, index(begin), ...contents));
}

/** The bytes of a film of 30 seconds; `page` is any page of a secure origin. */
export async function makeFilm(page) {
  return mux(await page.evaluate(encodeFrames, FILM));
}
