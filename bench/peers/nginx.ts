import { userInfo } from 'node:os'

/** What a worker of nginx may hold open beside its streams. */
const SPARE = 1_000

export interface NginxOptions {
  /** Where it may write. */
  folder: string
  port: number
  /** Host and port. */
  upstream: string
  /** Streams that it must be able to hold. */
  connections: number
}

/** nginx as a streaming proxy at its cheapest: one worker, nothing buffered, nothing logged, bodies kept in memory. */
export function nginxSettings ({ folder, port, upstream, connections }: NginxOptions): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `  ${name}_temp_path ${folder}/${name};`).join('\n')
  const { username, uid } = userInfo()
  return `daemon off;
${uid === 0 ? `user ${username} root;` : ''}
worker_processes 1;
worker_rlimit_nofile ${2 * connections + SPARE};
pid ${folder}/nginx.pid;
events { worker_connections ${2 * connections + SPARE}; }
http {
  access_log off;
${temporary}
  keepalive_requests 1000000000;
  upstream claude { server ${upstream}; keepalive 512; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://claude;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 600s;
      client_max_body_size 32m;
      client_body_buffer_size 4m;
    }
  }
}
`
}
