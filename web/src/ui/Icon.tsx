const shapes = {
  activity: 'M1.5 8h3l2-5 3 10 2-5h3',
  external: 'M9.5 2.5h4v4M13.2 2.8 7.8 8.2M6.5 3.5H3.2a.7.7 0 0 0-.7.7v8.6a.7.7 0 0 0 .7.7h8.6a.7.7 0 0 0 .7-.7V9.5',
  refresh: 'M13.4 8.2a5.4 5.4 0 1 1-1.7-4.1M13.5 2v3h-3',
  search: 'M11.4 7a4.4 4.4 0 1 1-8.8 0 4.4 4.4 0 0 1 8.8 0ZM10.3 10.3 14 14',
  down: 'm4 6 4 4 4-4',
  up: 'm4 10 4-4 4 4',
  right: 'm6 4 4 4-4 4',
  left: 'm10 4-4 4 4 4',
  close: 'm4 4 8 8M12 4l-8 8',
  error: 'M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4l-3.6-3.6V5.4zM8 4.8v4M8 11v.3',
  warning: 'M8 2 14.4 13.4H1.6zM8 6.5v3.2M8 11.5v.2',
  check: 'm3 8.5 3.2 3.2L13 4.8',
  clock: 'M13.7 8A5.7 5.7 0 1 1 2.3 8a5.7 5.7 0 0 1 11.4 0ZM8 4.8V8l2.2 1.6',
  link: 'M6.8 9.2 9.2 6.8M7.4 4.6l1.8-1.8a2.8 2.8 0 0 1 4 4l-1.8 1.8M8.6 11.4l-1.8 1.8a2.8 2.8 0 0 1-4-4l1.8-1.8',
  copy: 'M6.5 5.5h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1ZM3.5 10.5h-1v-8h8v1',
  keys: 'M2.5 4h11a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1ZM4 6.7h.2M7 6.7h.2M10 6.7h.2M4.5 9.5h7',
  sun: 'M11 8a3 3 0 1 1-6 0 3 3 0 0 1 6 0ZM8 1.5v1.7M8 12.8v1.7M1.5 8h1.7M12.8 8h1.7M3.4 3.4l1.2 1.2M11.4 11.4l1.2 1.2M12.6 3.4l-1.2 1.2M4.6 11.4l-1.2 1.2',
  moon: 'M13 9.6A5.4 5.4 0 1 1 6.4 3a4.3 4.3 0 0 0 6.6 6.6Z',
  download: 'M8 2.5v8M4.8 7.5 8 10.7l3.2-3.2M2.5 13.5h11',
  arrow: 'M2.5 8h11M9.5 4l4 4-4 4',
  live: 'M10.5 8a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0Z',
  path: 'M2 12.5h4v-5h4v-4h4',
  fold: 'M1.5 8h3.6M10.9 8h3.6M5.8 4 4.6 12M11.4 4l-1.2 8',
  lanes: 'M1.5 6.5h3v-3h3.5v2h3v-3h3.5M1.5 13h4v-2.5h5V13h4',
  bookmark: 'M4 2.5h8v11l-4-3-4 3z',
  filter: 'M2 4h12M4.5 8h7M6.5 12h3',
  exclude: 'M2 4h7M4.5 8h4M6.5 12h3M10.5 6.5l4 4M14.5 6.5l-4 4',
} as const;

export type IconName = keyof typeof shapes;

export function Icon({ name, className = '', strokeWidth = 1.4 }: { readonly name: IconName; readonly className?: string; readonly strokeWidth?: number }) {
  return (
    <svg className={`ic ${className}`} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth={strokeWidth} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={shapes[name]} />
    </svg>
  );
}
