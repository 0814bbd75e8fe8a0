// Runs before the first paint, as a file of its own because the content security policy allows no inline script.
try {
  if (localStorage.getItem('throughline.theme') === 'light') document.documentElement.dataset.theme = 'light';
} catch {
  // Storage may be forbidden; the page is then dark, its default.
}
