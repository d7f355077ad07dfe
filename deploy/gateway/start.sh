#!/bin/sh
# Writes what depends on the environment, checks the configuration, and becomes nginx.
#
# MUNIMENT_SERVERS  the services' Unix sockets, with spaces between them; what is kept lies with the first.
# MUNIMENT_TLS      the folder with certificate.pem and key.pem. If it is named, they have to be there; if it is not, TLS
#                   is spoken when they are in /etc/muniment/tls.
# MUNIMENT_RUN      the folder to write to, which should be in memory.
set -eu

servers=${MUNIMENT_SERVERS:-/run/muniment/server/server.sock}
tls=${MUNIMENT_TLS:-/etc/muniment/tls}
run=${MUNIMENT_RUN:-/tmp/gateway}
here=$(dirname "$0")

fail() {
    echo "gateway: $1" >&2
    exit 1
}

# What goes into the configuration may hold nothing that means something there.
check_path() {
    case $2 in
    /*) ;;
    *) fail "$1 has to name paths that begin with a slash: $2" ;;
    esac
    case $2 in
    *[!A-Za-z0-9._/-]*) fail "$1 may hold letters, digits, '.', '_', '/' and '-' only: $2" ;;
    esac
}

speaks_tls() {
    if [ -f "$tls/certificate.pem" ] && [ -f "$tls/key.pem" ]; then
        return 0
    fi
    for file in "$tls/certificate.pem" "$tls/key.pem"; do
        [ ! -e "$file" ] || fail "$tls has to hold both certificate.pem and key.pem"
    done
    [ -z "${MUNIMENT_TLS:-}" ] || fail "there is no certificate.pem in $tls, which MUNIMENT_TLS names"
    return 1
}

# The second address is for health.sh, which speaks no TLS; nothing outside of the container reaches it.
write_listen() {
    if speaks_tls; then
        cat <<CONF
listen 8001 ssl;
listen 127.0.0.1:8002;
ssl_certificate $tls/certificate.pem;
ssl_certificate_key $tls/key.pem;
ssl_protocols TLSv1.2 TLSv1.3;
ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;
ssl_prefer_server_ciphers off;
ssl_session_cache shared:tls:10m;
ssl_session_tickets off;
CONF
    else
        echo "listen 8001;"
        echo "listen 127.0.0.1:8002;"
    fi
}

write_servers() {
    set -f
    # shellcheck disable=SC2086 # it is a list
    set -- $servers
    echo "upstream keeping { server unix:$1; }"
    echo "upstream reading {"
    echo "    zone reading 64k;"
    echo "    least_conn;"
    for socket in "$@"; do
        echo "    server unix:$socket;"
    done
    echo "}"
}

check_path MUNIMENT_TLS "$tls"
for socket in $servers; do
    check_path MUNIMENT_SERVERS "$socket"
done

mkdir -p "$run"
cp "$here"/*.conf "$run"/
write_listen >"$run/listen.conf"
write_servers >"$run/servers.conf"
nginx -e stderr -p "$run" -c "$run/nginx.conf" -q -t
exec nginx -e stderr -p "$run" -c "$run/nginx.conf"
