/** How many things wait for this person; the bar shows it and the home page keeps it. */
let count = $state(0);

export const waiting = {
  get count() {
    return count;
  },
  set count(next: number) {
    count = next;
  },
};
