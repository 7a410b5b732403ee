// A message as a Vue component. `second-thought` is the folder where you put embed.mjs and embed.d.mts.
import { defineComponent, h, onMounted, onUnmounted, shallowRef } from "vue";
import { mount, type Mounted, type Outcome } from "second-thought/embed.mjs";

export const SecondThought = defineComponent({
  props: { placement: { type: String, required: true }, server: { type: String, required: true }, locale: String },
  emits: { outcome: (_outcome: Outcome, _reason?: string) => true },
  setup(props, { emit }) {
    const place = shallowRef<HTMLElement>();
    let shown: Mounted | undefined;
    onMounted(() => {
      shown = mount(place.value!, {
        placement: props.placement,
        server: props.server,
        locale: props.locale,
        onOutcome: (outcome, reason) => emit("outcome", outcome, reason),
      });
    });
    onUnmounted(() => shown?.destroy());
    return () => h("div", { ref: place, class: "second-thought" });
  },
});
