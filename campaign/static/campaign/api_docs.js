// Show the API description. Requests that change data carry the CSRF token of the page.
"use strict";
(() => {
  const container = document.getElementById("swagger-ui");
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
})();
