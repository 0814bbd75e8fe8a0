import { useEffect, type RefObject } from 'react';

/** Calls `close` when the pointer goes down outside an element, while `open`. */
export function useDismiss(open: boolean, element: RefObject<HTMLElement | null>, close: () => void): void {
  useEffect(() => {
    if (!open) return;
    const outside = (event: PointerEvent): void => {
      if (event.target instanceof Node && element.current?.contains(event.target) === false) close();
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open, element, close]);
}
