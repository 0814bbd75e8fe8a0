/** A search that was kept under a name; `search` is the query of its address. */
export interface SavedView {
  readonly name: string;
  readonly search: string;
}

const longestName = 80;
export const mostViews = 100;

const isView = (value: unknown): value is SavedView =>
  typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string' && value.name !== '' && 'search' in value && typeof value.search === 'string' && (value.search === '' || value.search.startsWith('?'));

/** Reads what was kept; what can't be read is as if nothing had been. */
export function readViews(text: string | null): readonly SavedView[] {
  if (text === null) return [];
  try {
    const read: unknown = JSON.parse(text);
    return Array.isArray(read) ? read.filter(isView).map(({ name, search }) => ({ name, search })) : [];
  } catch {
    return [];
  }
}

const inOrder = (views: readonly SavedView[]): readonly SavedView[] => [...views].sort((a, b) => a.name.localeCompare(b.name));

export type Change = { readonly ok: true; readonly views: readonly SavedView[] } | { readonly ok: false; readonly message: string };

function named(views: readonly SavedView[], name: string): string | null {
  if (name === '') return 'Give the view a name';
  if (name.length > longestName) return `A name has at most ${longestName} characters`;
  return views.some((view) => view.name === name) ? `There is a view “${name}” already` : null;
}

export function withView(views: readonly SavedView[], name: string, search: string): Change {
  const message = named(views, name.trim()) ?? (views.length >= mostViews ? `At most ${mostViews} views are kept; delete one first` : null);
  return message === null ? { ok: true, views: inOrder([...views, { name: name.trim(), search }]) } : { ok: false, message };
}

export function renamed(views: readonly SavedView[], old: string, name: string): Change {
  const others = views.filter((view) => view.name !== old);
  const message = named(others, name.trim());
  return message === null ? { ok: true, views: inOrder(views.map((view) => (view.name === old ? { ...view, name: name.trim() } : view))) } : { ok: false, message };
}

export const withoutView = (views: readonly SavedView[], name: string): readonly SavedView[] => views.filter((view) => view.name !== name);
