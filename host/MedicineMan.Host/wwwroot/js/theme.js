// Runs before the first paint, so that a dark page never flashes light.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const wish = localStorage.getItem("theme") ?? "system";
    const root = document.documentElement;
    root.dataset.themeWish = wish;
    root.dataset.bsTheme = wish === "dark" || (wish === "system" && dark.matches) ? "dark" : "light";
  };
  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", apply);
  addEventListener("theme", apply);
})();
