// A message in a page without a framework. `second-thought` is the folder where you put embed.mjs and embed.d.mts.
import { mount } from "second-thought/embed.mjs";

const place = document.getElementById("app")!;
const { outcome } = mount(place, { placement: "your-key", server: "https://thought.example.org" });

// "unavailable" comes within four seconds, whatever happens to our server: your tool is never locked.
if ((await outcome) !== "left") place.replaceChildren(Object.assign(document.createElement("form"), { textContent: "Your tool" }));
