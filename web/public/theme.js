// Before the first paint, so that a chosen theme does not flash in from the other one. The page's policy allows no
// script in the page itself.
try {
  const { theme } = JSON.parse(localStorage.getItem('samcache.settings') ?? '{}');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // No storage here, or nothing sensible in it: the system's theme.
}
