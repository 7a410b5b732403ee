// A message as a React component. `second-thought` is the folder where you put embed.mjs and embed.d.mts.
import { useEffect, useRef } from "react";
import { mount, type Outcome } from "second-thought/embed.mjs";

interface Props {
  placement: string;
  server: string;
  locale?: string;
  onOutcome: (outcome: Outcome, reason?: string) => void;
}

export function SecondThought({ placement, server, locale, onOutcome }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(onOutcome);
  useEffect(() => {
    latest.current = onOutcome;
  });
  useEffect(() => {
    const shown = mount(place.current!, {
      placement,
      server,
      locale,
      onOutcome: (outcome, reason) => latest.current(outcome, reason),
    });
    return () => shown.destroy();
  }, [placement, server, locale]);
  return <div ref={place} className="second-thought" />;
}
