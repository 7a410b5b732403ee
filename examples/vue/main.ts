import { createApp, defineComponent, h, ref } from "vue";
import type { Outcome } from "second-thought/embed.mjs";
import { SecondThought } from "./SecondThought";

const App = defineComponent(() => {
  const isOpen = ref(false);
  const onOutcome = (outcome: Outcome) => {
    // "unavailable" comes within four seconds, whatever happens to our server: your tool is never locked.
    if (outcome === "closed" || outcome === "unavailable") isOpen.value = true;
  };
  // In a template: <SecondThought placement="your-key" server="https://thought.example.org" @outcome="onOutcome" />
  return () =>
    isOpen.value
      ? h("form", "Your tool")
      : h(SecondThought, { placement: "your-key", server: "https://thought.example.org", onOutcome });
});

createApp(App).mount("#app");
