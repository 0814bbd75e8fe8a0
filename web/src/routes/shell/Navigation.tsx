import { useCallback, useId, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { Icon } from '../../ui/Icon';
import { useDismiss } from '../../ui/useDismiss';
import { useVisited } from './lastList';
import { entrance, screens } from './screens';

/** The screens as a row of links; on a narrow page they are a menu behind the name of the one that is shown. */
export function Navigation() {
  const [pathname] = useLocation();
  const visited = useVisited();
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  useDismiss(open, box, useCallback(() => setOpen(false), []));
  const shown = screens.find((screen) => screen.paths.test(pathname));
  return (
    <nav
      ref={box}
      className="nav"
      aria-label="Main"
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !open) return;
        event.preventDefault();
        setOpen(false);
        button.current?.focus();
      }}
    >
      <button ref={button} type="button" className="btn ghost navmenu" aria-expanded={open} aria-controls={id} aria-label={`Screens, ${shown?.name ?? 'none'} is shown`} onClick={() => setOpen(!open)}>
        <span>{shown?.name ?? 'Screens'}</span>
        <Icon name="down" />
      </button>
      <ul id={id} className={open ? 'navlist open' : 'navlist'}>
        {screens.map((screen) => (
          <li key={screen.path}>
            <Link href={entrance(screen, visited)} title={`${screen.name} (${screen.key})`} aria-current={screen === shown ? 'page' : undefined} onClick={() => setOpen(false)}>
              {screen.name}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
