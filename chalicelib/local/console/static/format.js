// Times, sizes and numbers as people read them.

/** A moment as people read it: the time alone where it was today. */
export function when(moment) {
  const date = new Date(typeof moment === "number" ? moment * 1000 : moment);
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString("en-GB", today ? { timeStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" });
}

export const percent = (value) => `${value.toFixed(1)} %`;
export const plural = (count, one, many = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

export function bytes(count) {
  const [unit, size] = count < 1e3 ? ["B", 1] : count < 1e6 ? ["kB", 1e3] : count < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
  const digits = count / size < 10 && size > 1 ? 1 : 0;
  return `${(count / size).toLocaleString("en", { maximumFractionDigits: digits })} ${unit}`;
}
