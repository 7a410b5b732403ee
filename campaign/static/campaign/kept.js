/* Runs before the first paint. On a reload or "Back" it hides the words that were drawn anew, until page.js, which runs
   before DOMContentLoaded, has put those of before in their place. It also tells the style sheet that there is script. */
{
  const root = document.documentElement;
  root.classList.add("script");
  const [visit] = performance.getEntriesByType("navigation");
  if (history.state && visit?.type !== "navigate") {
    root.classList.add("kept");
    addEventListener("DOMContentLoaded", () => root.classList.remove("kept"));
  }
}
