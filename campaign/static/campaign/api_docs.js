// Load Swagger UI when somebody asks for it. Requests that change data carry the CSRF token of the page.
"use strict";
(() => {
  const container = document.getElementById("swagger-ui");
  const button = document.getElementById("interactive");

  function show() {
    document.getElementById("operations").remove();
    button.remove();
    SwaggerUIBundle({
      url: container.dataset.description,
      domNode: container,
      deepLinking: true,
      presets: [SwaggerUIBundle.presets.apis],
      layout: "BaseLayout",
      requestInterceptor: (request) => {
        if (request.method !== "GET" && new URL(request.url, location.href).origin === location.origin) {
          request.headers["X-CSRFToken"] = container.dataset.csrfToken;
        }
        return request;
      },
    });
  }

  button.addEventListener("click", () => {
    button.disabled = true;
    const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: button.dataset.style });
    const script = Object.assign(document.createElement("script"), { src: button.dataset.script, onload: show });
    script.onerror = () => { button.disabled = false; };
    document.head.append(style, script);
  });
})();
