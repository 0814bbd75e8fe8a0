import { webAddress } from './attribute';

/** Where Grafana is for the browser: a web address, or a path of this server, which passes it on (--grafana-proxy). Null for anything else: it must not become a link or a frame. */
export function grafanaAddress(configured: string | null): string | null {
  if (configured === null) return null;
  return /^\/(?![/\\])\S*$/.test(configured) ? configured : webAddress(configured);
}

/** The address to embed: without Grafana's own menus, unless the operator has chosen that, and in the page's theme. */
export function embedAddress(address: string, theme: 'dark' | 'light'): string {
  const base = 'http://here.invalid';
  const url = new URL(address, base);
  // A home page knows no kiosk mode; a dashboard's address has /d/ or /d-solo/ in its path.
  if (/\/d(-solo)?\//.test(url.pathname) && !url.searchParams.has('kiosk')) url.searchParams.set('kiosk', '');
  if (!url.searchParams.has('theme')) url.searchParams.set('theme', theme);
  url.search = url.search.replace(/\bkiosk=(?=&|$)/, 'kiosk');
  return url.origin === base ? `${url.pathname}${url.search}${url.hash}` : url.href;
}

/** Whether an address passes through this server, so that the page may look at the answer. */
export const isProxied = (address: string): boolean => address.startsWith('/');
