/* In the editor's preview: nothing that is pressed does anything, nothing is sent, and the embed gets its message from
   the page itself instead of the server. */
(() => {
  "use strict";
  for (const happens of ["click", "submit", "auxclick"]) {
    addEventListener(
      happens,
      (event) => {
        event.preventDefault();
        event.stopImmediatePropagation();
      },
      true,
    );
  }
  const held = document.getElementById("message");
  const answers = { decide: () => ({ message: JSON.parse(held.textContent), receipt: "preview" }), events: () => ({}) };
  window.fetch = async (address) => {
    const answer = answers[new URL(address, location.href).pathname.split("/").pop()];
    if (!answer) throw new TypeError("A preview asks nobody.");
    return new Response(JSON.stringify(answer()), { status: 200 });
  };
})();
