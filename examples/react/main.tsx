import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import { SecondThought } from "./SecondThought";

function App() {
  const [isOpen, setOpen] = useState(false);
  return isOpen ? (
    <form>Your tool</form>
  ) : (
    <SecondThought
      placement="your-key"
      server="https://thought.example.org"
      onOutcome={(outcome) => {
        // "unavailable" comes within four seconds, whatever happens to our server: your tool is never locked.
        if (outcome === "closed" || outcome === "unavailable") setOpen(true);
      }}
    />
  );
}

createRoot(document.getElementById("app")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
