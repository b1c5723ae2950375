const BAR_PX = 4;
const HEIGHT_PX = 20;

/** A bar for each hour, the newest last. Screen readers get the text instead. */
export function Sparkline({ counts }: { counts: readonly number[] }) {
  const most = Math.max(1, ...counts);
  const total = counts.reduce((sum, count) => sum + count, 0);
  return (
    <svg
      className="sparkline"
      role="img"
      aria-label={`${total} in the last ${counts.length} hours`}
      width={counts.length * BAR_PX}
      height={HEIGHT_PX}
    >
      {counts.map((count, hour) => {
        const height = count === 0 ? 1 : Math.max(2, (count / most) * HEIGHT_PX);
        return (
          <rect key={hour} x={hour * BAR_PX} y={HEIGHT_PX - height} width={BAR_PX - 1} height={height} />
        );
      })}
    </svg>
  );
}
