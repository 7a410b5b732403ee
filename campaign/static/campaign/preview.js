/* Preview in the editor: disables all controls and requests, and gives the embed its message from the page. */
(() => {
  "use strict";
  for (const type of ["click", "submit", "auxclick"]) {
    addEventListener(
      type,
      (event) => {
        event.preventDefault();
        event.stopImmediatePropagation();
      },
      true,
    );
  }
  const message = document.getElementById("message");
  const answers = { decide: () => ({ message: JSON.parse(message.textContent), receipt: "preview" }), events: () => ({}) };
  window.fetch = async (address) => {
    const answer = answers[new URL(address, location.href).pathname.split("/").pop()];
    if (!answer) throw new TypeError("A preview sends no requests.");
    return new Response(JSON.stringify(answer()), { status: 200 });
  };
})();
