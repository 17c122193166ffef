/** The ticket with the afternoon sun in it. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true">
      <path fill="oklch(.835 .135 80)" d="M3 6h26v7a3 3 0 0 0 0 6v7H3v-7a3 3 0 0 0 0-6z" />
      <path fill="oklch(.24 .04 60)" d="M9 21a7 7 0 0 1 14 0z" />
      <path stroke="oklch(.24 .04 60)" strokeWidth="1.8" strokeLinecap="round" d="M16 9.2v2M8.9 12.3l1.3 1.3M23.1 12.3l-1.3 1.3" />
    </svg>
  );
}
