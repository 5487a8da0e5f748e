import type { SiteLists } from './inbox.ts';

/** A place to choose, with the names from the building down to it. */
export interface PlaceChoice {
  readonly id: string;
  readonly path: string;
}

/** Deepest place tree that is followed. */
const MAX_DEPTH = 8;

/** All places in the order of the tree; a campus is left out of the paths below it. */
export function placeChoices({ places }: Pick<SiteLists, 'places'>): PlaceChoice[] {
  const byId = new Map(places.map((place) => [place.id, place]));
  const pathOf = (id: string): string => {
    const names: string[] = [];
    let place = byId.get(id);
    for (let depth = 0; place !== undefined && depth < MAX_DEPTH; depth += 1) {
      if (place.kind !== 'campus' || names.length === 0) names.unshift(place.name);
      place = place.parent === undefined ? undefined : byId.get(place.parent);
    }
    return names.join(' / ');
  };
  return places.map(({ id }) => ({ id, path: pathOf(id) }));
}

/** Those whose path or id has all the words. */
export function matching(choices: readonly PlaceChoice[], text: string): PlaceChoice[] {
  const words = text
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return choices.filter(({ id, path }) =>
    words.every((word) => path.toLowerCase().includes(word) || id.toLowerCase().includes(word)),
  );
}
