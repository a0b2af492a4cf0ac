/** `12:05`, or `1:02:05` from an hour on. */
export function length(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** Megabytes as people say them, with a comma: `12,4 MB`. */
export function size(bytes: number): string {
  const megabytes = bytes / 1e6;
  return `${megabytes.toLocaleString('vi-VN', { maximumFractionDigits: megabytes < 100 ? 1 : 0 })} MB`;
}
