/** The bundler replaces an imported image by its address. */
declare module "*.svg" {
  const address: string;
  export default address;
}
