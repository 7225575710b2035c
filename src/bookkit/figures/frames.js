// Turns the steps of each animation on the page that is not set up yet into one with controls.
// Nothing moves by itself: playing is what a reader asks for.
for (const figure of document.querySelectorAll("figure.bk-frames:not([data-ready])")) {
  figure.dataset.ready = "";
  const stage = figure.querySelector(".bk-steps");
  const steps = [...stage.children];
  const make = (tag, style, attributes) => {
    const element = Object.assign(document.createElement(tag), attributes);
    element.style.cssText = style;
    return element;
  };
  const look = "font:inherit;color:inherit;min-width:2.75rem;min-height:2.5rem;padding:0 .5rem;" +
    "background:var(--bk-cell, #f5f7f9);border:1px solid var(--bk-muted, #4d555e);border-radius:.25rem";
  const button = (text, label, press) => {
    const made = make("button", look, { type: "button", textContent: text, onclick: press });
    if (label) made.setAttribute("aria-label", label);
    return made;
  };
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let now = 0, timer = 0;

  const pause = () => {
    clearInterval(timer);
    timer = 0;
    play.textContent = "Play";
    status.setAttribute("aria-live", document.activeElement === slider ? "off" : "polite");
  };
  const show = (step) => {
    now = Math.max(0, Math.min(steps.length - 1, step));
    steps.forEach((e, k) => { e.style.visibility = k === now ? "visible" : "hidden"; });
    const name = steps[now].getAttribute("aria-label");
    const caption = steps[now].querySelector("figcaption")?.textContent;
    status.firstChild.textContent = name;
    status.lastChild.textContent = caption ? `: ${caption}` : "";
    slider.value = now + 1;
    slider.setAttribute("aria-valuetext", status.textContent);
  };
  const go = (step) => { pause(); show(step); };
  const tick = () => {
    if (!figure.isConnected || now === steps.length - 1) return pause();
    show(now + 1);
    if (now === steps.length - 1) pause();
  };
  const start = () => {
    if (timer) return pause();
    status.setAttribute("aria-live", "off"); // a screen reader could not keep up
    play.textContent = "Pause";
    show(now === steps.length - 1 ? 0 : now);
    timer = setInterval(tick, calm.matches ? 2400 : 1200);
  };

  const play = button("Play", "", start);
  play.style.minWidth = "4.25rem";
  const slider = make("input", "flex:1 1 5rem;min-width:4rem;max-width:18rem;" +
    "accent-color:var(--bk-blue, #1d4bb8)", { type: "range", min: 1, max: steps.length });
  slider.setAttribute("aria-label", "Step");
  slider.oninput = () => go(slider.value - 1);
  const status = make("span", "font-size:.9em;font-variant-numeric:tabular-nums;white-space:nowrap");
  status.setAttribute("role", "status");
  const unseen = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
  status.append(make("span", ""), make("span", unseen, { className: "visually-hidden" }));

  const bar = make("div", "display:flex;flex-wrap:wrap;align-items:center;justify-content:center;" +
    "gap:.5rem;padding:.5rem 0;position:sticky;bottom:0;background:var(--bk-paper, #ffffff)");
  bar.className = "bk-bar";
  bar.dataset.lmSuppressShortcuts = "true"; // else the arrow keys choose cells in JupyterLab
  bar.append(
    button("‹", "Previous step", () => go(now - 1)), play,
    button("›", "Next step", () => go(now + 1)), slider, status,
  );
  bar.onkeydown = (event) => {
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: steps.length - 1 }[event.key];
    if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    go(to);
  };
  // All steps lie on one spot, so that the page below stands still.
  stage.style.display = "grid";
  stage.style.gridTemplateColumns = "minmax(0, 1fr)";
  for (const step of steps) step.style.gridArea = "1 / 1";
  stage.after(bar);
  show(0);
}
