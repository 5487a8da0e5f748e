/** The pages of somebody who watches; each has an address of its own, `#devices`. */
export type PageName = 'duty' | 'devices' | 'zones' | 'drills' | 'shift' | 'campus' | 'kpi';

const named: readonly PageName[] = ['devices', 'zones', 'drills', 'shift', 'campus', 'kpi'];

/** The page that an address calls; the duty page where it calls none. */
export function pageOf(hash: string): PageName {
  return named.find((page) => hash === `#${page}`) ?? 'duty';
}

/** What stands behind the path for a page. */
export function addressOf(page: PageName, path: string): string {
  return page === 'duty' ? path : `#${page}`;
}
