"use strict";
(() => {
  const root = document.documentElement;
  // On file:// some browsers refuse storage; the switches work without it.
  const remembered = (key) => { try { return localStorage.getItem(key); } catch { return null; } };
  const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* none */ } };
  const set = (key, value) => {
    root.dataset[key] = value;
    if (key === "lang") root.lang = value === "zh" ? "zh-CN" : "en";
    const attribute = key === "lang" ? "setLang" : "setTheme";
    for (const button of document.querySelectorAll("nav button")) {
      if (attribute in button.dataset) {
        button.setAttribute("aria-pressed", String(button.dataset[attribute] === value));
      }
    }
  };
  const wanted = location.hash.slice(1).split("-");
  const pick = (key, known, fallback) =>
    known.find((k) => wanted.includes(k)) || known.find((k) => k === remembered(key)) || fallback;
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  set("lang", pick("lang", ["en", "zh"], navigator.language.startsWith("zh") ? "zh" : "en"));
  set("theme", pick("theme", ["light", "dark"], dark ? "dark" : "light"));
  document.querySelector("nav").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const key = "setLang" in button.dataset ? "lang" : "theme";
    const value = button.dataset.setLang || button.dataset.setTheme;
    set(key, value);
    remember(key, value);
  });
  // On paper nothing can be unfolded.
  addEventListener("beforeprint", () => {
    for (const d of document.querySelectorAll("details:not(.clip)")) d.open = true;
  });
})();
