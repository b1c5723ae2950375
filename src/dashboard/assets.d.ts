/** The bundler replaces an imported image with its address. */
declare module "*.svg" {
  const address: string;
  export default address;
}
