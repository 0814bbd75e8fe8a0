import { useEffect, useLayoutEffect, useRef, type RefObject } from 'react';

/** Calls `heir` when an element goes while it has the focus, which would else fall to the body: keys then do nothing. */
export function useHeir(element: RefObject<HTMLElement | null>, heir: () => void): void {
  const current = useRef(heir);
  useEffect(() => {
    current.current = heir;
  });
  // A layout effect's end comes before its element leaves the document.
  useLayoutEffect(() => {
    const held = element.current;
    return () => {
      if (held !== null && held === document.activeElement) current.current();
    };
  }, [element]);
}
