/** The time below the pointer, told to who shows values of it. It changes with every move, so that it passes React by. */
export interface PointerTime {
  tell(time: number | null): void;
  listen(listener: (time: number | null) => void): () => void;
}

export function pointerTime(): PointerTime {
  const listeners = new Set<(time: number | null) => void>();
  return {
    tell: (time) => listeners.forEach((listener) => listener(time)),
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
