import { computed, type InjectionKey, inject, ref, shallowRef } from 'vue';
import type { LiveCamera } from '../../../contract/live-video.ts';
import { call, Unreachable } from '../api.ts';

/** Pictures at once: what a person can watch, and a small computer play. */
const MAX_TILES = 4;

/** One picture of the wall. */
export interface Tile {
  readonly key: number;
  readonly camera: string;
  readonly stream: 'main' | 'sub';
}

/** The pictures beside the alarms, and the list of cameras to choose from. */
export class Wall {
  readonly tiles = shallowRef<readonly Tile[]>([]);
  /** The list is shown; the panel is then as wide as it gets. */
  readonly choosing = ref(false);
  readonly cameras = shallowRef<readonly LiveCamera[]>([]);
  readonly missing = ref(false);
  readonly isOpen = computed(() => this.choosing.value || this.tiles.value.length > 0);
  #last = 0;

  /** These cameras instead of what is shown; the first four. */
  show(cameras: readonly string[]): void {
    const wanted = cameras.slice(0, MAX_TILES);
    const shown = this.tiles.value;
    this.tiles.value = wanted.map(
      (camera) => shown.find((tile) => tile.camera === camera) ?? this.#tile(camera),
    );
  }

  /** One more; in the place of the oldest where there is no room. */
  add(camera: string): void {
    if (this.tiles.value.some((tile) => tile.camera === camera)) return;
    this.tiles.value = [...this.tiles.value, this.#tile(camera)].slice(-MAX_TILES);
  }

  remove(camera: string): void {
    this.tiles.value = this.tiles.value.filter((tile) => tile.camera !== camera);
  }

  /** The full picture, or the small one again. */
  turn(key: number): void {
    this.tiles.value = this.tiles.value.map((tile) =>
      tile.key === key ? { ...tile, stream: tile.stream === 'sub' ? 'main' : 'sub' } : tile,
    );
  }

  close(): void {
    this.tiles.value = [];
    this.choosing.value = false;
  }

  /** Opens or closes the list. */
  choose(): void {
    this.choosing.value = !this.choosing.value;
    if (this.choosing.value) void this.#load();
  }

  #tile(camera: string): Tile {
    this.#last += 1;
    return { key: this.#last, camera, stream: 'sub' };
  }

  async #load(): Promise<void> {
    try {
      const { body } = await call<{ cameras: LiveCamera[] }>('GET', 'live/cameras');
      if (body !== undefined) this.cameras.value = body.cameras;
      this.missing.value = body === undefined;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      this.missing.value = true;
    }
  }
}

const wallKey: InjectionKey<Wall> = Symbol('wall');

export { wallKey };

/** The wall of the page around. */
export function useWall(): Wall {
  const wall = inject(wallKey);
  if (wall === undefined) throw new Error('useWall() outside of a duty page');
  return wall;
}
