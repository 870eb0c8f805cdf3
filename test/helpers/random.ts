/** Numbers that follow no rule, and are the same in each run. @returns gives one from 0 up to, but not including, its argument */
export function createRandom(seed: number): (count: number) => number {
  let state = seed;
  return (count) => (state = (state * 48_271) % 2_147_483_647) % count;
}
