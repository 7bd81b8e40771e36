export function validateNetworkDocument(_xml: string): void {
  throw new Error('being written');
}
