// Runs before anything is painted: the chosen look, and the button that chooses it.
(() => {
  const KEY = 'hazebot.theme';
  const root = document.documentElement;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const chosen = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const isDark = () => (chosen() ?? (dark.matches ? 'dark' : 'light')) === 'dark';
  const show = () => {
    if (chosen()) root.dataset.theme = chosen();
    document.getElementById('theme')?.setAttribute('aria-pressed', String(isDark()));
    dispatchEvent(new Event('themechange'));
  };
  show();
  dark.addEventListener('change', show);
  document.addEventListener('DOMContentLoaded', () => {
    const button = document.getElementById('theme');
    button.hidden = false;
    button.addEventListener('click', () => {
      try { localStorage.setItem(KEY, isDark() ? 'light' : 'dark'); } catch { /* it stays as it is */ }
      show();
    });
    show();
  });
})();
