/** Why a request failed, in words for the reader. `position` is a character offset into the parameter at fault. */
export class ApiProblem extends Error {
  readonly kind: 'unreachable' | 'refused' | 'not-found' | 'failed' | 'unreadable';
  readonly status: number | null;
  readonly title: string;
  readonly detail: string;
  readonly parameter: string | null;
  readonly position: number | null;
  /** Everything that is wrong with a document that was sent, by its place in it. */
  readonly errors: readonly { readonly path: string; readonly message: string }[];

  constructor(kind: ApiProblem['kind'], title: string, detail: string, status: number | null = null, parameter: string | null = null, position: number | null = null, errors: ApiProblem['errors'] = []) {
    super(detail === '' ? title : `${title}: ${detail}`);
    this.name = 'ApiProblem';
    this.kind = kind;
    this.title = title;
    this.detail = detail;
    this.status = status;
    this.parameter = parameter;
    this.position = position;
    this.errors = errors;
  }
}
