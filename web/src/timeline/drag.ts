import type { PointerEvent as ReactPointerEvent } from 'react';

/** Follows a pressed pointer until it is let go. Escape or a lost pointer ends the drag without `done`. */
export function drag(event: ReactPointerEvent<HTMLElement>, handlers: { move: (event: PointerEvent) => void; done: (event: PointerEvent) => void; cancel: () => void }): void {
  if (event.button !== 0) return;
  event.preventDefault();
  const element = event.currentTarget;
  const id = event.pointerId;
  element.setPointerCapture(id);
  const end = (): void => {
    element.removeEventListener('pointermove', handlers.move);
    element.removeEventListener('pointerup', up);
    element.removeEventListener('pointercancel', lost);
    document.removeEventListener('keydown', escape, true);
    if (element.hasPointerCapture(id)) element.releasePointerCapture(id);
  };
  const up = (last: PointerEvent): void => {
    end();
    handlers.done(last);
  };
  const lost = (): void => {
    end();
    handlers.cancel();
  };
  const escape = (key: KeyboardEvent): void => {
    if (key.key !== 'Escape') return;
    key.stopPropagation();
    lost();
  };
  element.addEventListener('pointermove', handlers.move);
  element.addEventListener('pointerup', up);
  element.addEventListener('pointercancel', lost);
  document.addEventListener('keydown', escape, true);
}
