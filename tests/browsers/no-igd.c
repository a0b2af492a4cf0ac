/*
 * Stands in for libgupnp-igd, which asks routers to map ports (UPnP) and is not wanted here. On Debian 12 simple-whip-client is linked
 * with libsoup 2.4 and, through this library, with libsoup 3 as well; both in one process end it before it begins.
 */
typedef unsigned long GType;
extern void *g_object_new(GType type, const char *first, ...);

#define G_TYPE_OBJECT ((GType)20 << 2)

void *gupnp_simple_igd_thread_new(void) { return g_object_new(G_TYPE_OBJECT, (const char *)0); }
GType gupnp_simple_igd_get_type(void) { return G_TYPE_OBJECT; }
void gupnp_simple_igd_add_port(void) {}
void gupnp_simple_igd_remove_port_local(void) {}
