import { useCallback, useState, type PointerEvent } from 'react';
import { remember, remembered } from './theme';

/** A width in pixels that the user may drag and that is kept for the next visit. */
export function useKeptWidth(name: string, initial: number, least: number, most: number): readonly [number, (width: number) => void] {
  const hold = useCallback((width: number) => Math.round(Math.min(most, Math.max(least, width))), [least, most]);
  const [width, setWidth] = useState(() => {
    const kept = Number(remembered(`throughline.width.${name}`) ?? Number.NaN);
    return Number.isFinite(kept) ? hold(kept) : initial;
  });
  const change = useCallback(
    (next: number) => {
      setWidth(hold(next));
      remember(`throughline.width.${name}`, String(hold(next)));
    },
    [hold, name],
  );
  return [width, change];
}

/** An edge to drag, or to move with the arrow keys. `grows` says which way makes the width larger. */
export function Splitter({ label, width, change, grows, least, most }: { readonly label: string; readonly width: number; readonly change: (width: number) => void; readonly grows: 'right' | 'left'; readonly least: number; readonly most: number }) {
  const sign = grows === 'right' ? 1 : -1;
  const start = (event: PointerEvent<HTMLDivElement>): void => {
    const from = event.clientX;
    const handle = event.currentTarget;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    const move = (moved: globalThis.PointerEvent): void => change(width + sign * (moved.clientX - from));
    const stop = (): void => {
      handle.removeEventListener('pointermove', move);
      handle.removeEventListener('pointerup', stop);
      handle.removeEventListener('pointercancel', stop);
    };
    handle.addEventListener('pointermove', move);
    handle.addEventListener('pointerup', stop);
    handle.addEventListener('pointercancel', stop);
  };
  return (
    <div
      className="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={least}
      aria-valuemax={most}
      tabIndex={0}
      onPointerDown={start}
      onKeyDown={(event) => {
        const by = event.key === 'ArrowRight' ? 16 : event.key === 'ArrowLeft' ? -16 : 0;
        if (by === 0) return;
        event.preventDefault();
        change(width + sign * by);
      }}
    />
  );
}
