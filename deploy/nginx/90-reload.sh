#!/bin/sh
# For the official image, in /docker-entrypoint.d: certbot renews beside nginx, which must read the new certificate.
(while sleep 6h; do nginx -s reload; done) &
