// The line to the process that calls: wishes and sound there, what happens and sound back.
const BACK_AFTER_MS = 2000;

export class Line extends EventTarget {
  #socket;
  #address;
  #token;
  #wasAway = false;

  // `line` is its path, `token` what shows that the page is ours.
  constructor({ line, token }) {
    super();
    this.#address = new URL(line, location.href);
    this.#address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.#token = token;
    this.#open();
  }

  // Whether it is on its way.
  wish(wish) { return this.#send(JSON.stringify(wish)); }

  sound(frame) { this.#send(frame); }

  #send(data) {
    const open = this.#socket.readyState === WebSocket.OPEN;
    if (open) this.#socket.send(data);
    return open;
  }

  #open() {
    const socket = new WebSocket(this.#address, ["handset", this.#token]);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      if (this.#wasAway) this.#tell("back");
      this.#wasAway = false;
    });
    socket.addEventListener("message", ({ data }) => {
      if (typeof data !== "string") return this.#tell("sound", data);
      const { tell, ...what } = JSON.parse(data);
      this.#tell(tell, what);
    });
    socket.addEventListener("close", () => {
      if (!this.#wasAway) this.#tell("away");
      this.#wasAway = true;
      setTimeout(() => this.#open(), BACK_AFTER_MS);
    });
    this.#socket = socket;
  }

  #tell(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }
}
