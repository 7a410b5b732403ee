/** Types of embed.mjs. See docs/embed.md. */

/** What happened; `unavailable` comes with its reason. */
export type Outcome = "shown" | "exposed" | "left" | "continued" | "closed" | "unavailable";

export interface Options {
  /** The key of your placement. */
  placement: string;
  /** The language you would like, such as `en` or `pt-BR`. */
  locale?: string | undefined;
  /** An opaque key of yours, if the campaign's plan asks for one. */
  unit?: string | undefined;
  /** `inline` stands in the element, `cover` lies over the page. */
  display?: "inline" | "cover" | undefined;
  /** Where "Leave this page" leads, instead of the address agreed for the placement. */
  leave?: string | undefined;
  /** Milliseconds to wait for a message; 4000 by default. */
  timeout?: number | undefined;
  /** Whether the tab keeps its receipt in `sessionStorage`: only where your visitors agreed. */
  session?: boolean | undefined;
  /** Our address, if the module was not loaded from there (bundled, or from your own domain). */
  server?: string | undefined;
  /** Called with everything that happens; not after `destroy`. */
  onOutcome?: ((outcome: Outcome, reason?: string) => void) | undefined;
}

export interface Mounted {
  /** The first answer, or that there is no message. */
  readonly outcome: Promise<"left" | "continued" | "closed" | "unavailable">;
  /** Takes the message away, and tells nobody. */
  destroy(): void;
}

/** Shows a message in an element. */
export function mount(element: HTMLElement, options: Options): Mounted;
