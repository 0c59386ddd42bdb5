"""Rate limits counted with the library `limits`, in memory or in Redis."""
