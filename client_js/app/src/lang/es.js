/** Español. The keys of en.js; a test compares them. */
export default {
  // Everywhere
  loading: "Cargando…", close: "Cerrar", cancel: "Cancelar", save: "Guardar", send: "Enviar", copy: "Copiar", create: "Crear", remove: "Eliminar",
  retry: "Reintentar", discard: "Descartar", show: "Ver", optional: "opcional", reason: "Motivo", reason_optional: "Motivo (opcional)",
  reason_public: "Lo verá toda la sala.", reason_person: "La persona lo verá.", copied: "Copiado.", copy_failed: "No se pudo copiar. Aquí está: {what}",
  help: "Teclas y escritura", you: "tú", everyone: "Todo el mundo", people: "Personas", person: "Persona", room: "Sala", rooms: "Salas", today: "Hoy", yesterday: "Ayer",
  skip_to_messages: "Ir a los mensajes",

  // Roles
  role: "Papel", role_owner: "responsable", role_instructor: "docente", role_ta: "ayudante", role_learner: "estudiante", role_observer: "oyente", role_bot: "bot",

  // Join
  join_title: "Toma asiento", join_lead: "Te han invitado a la mesa de un grupo. Di quién eres y entra.", join: "Entrar", joining: "Entrando…",
  your_name: "Tu nombre", your_name_hint: "Como lo verán los demás. Puedes cambiarlo después.", goal: "¿Qué esperas?", goal_hint: "Una frase, para quienes enseñan.",
  need_invite_title: "Necesitas una invitación", need_invite: "Tertulia es la mesa de un grupo. Abre el enlace que te enviaron o pégalo aquí.",
  paste_link: "Enlace de invitación", go_on: "Continuar",

  // Left column and home
  welcome_back: "Hola, {name}.", all_read: "Lo has leído todo.", you_have_unread: { one: "Tienes {n} mensaje sin leer.", other: "Tienes {n} mensajes sin leer." }, n_unread: { one: "{n} mensaje sin leer", other: "{n} mensajes sin leer" },
  here_now: "Aquí ahora · {n} de {all}", n_more: "y {n} más", not_connected: "sin conexión", create_room: "Nueva sala", nothing_new: "nada nuevo", no_rooms: "Todavía no hay salas.",
  for_you: "Te mencionaron", mentioned_in: "{name} te mencionó en {room}", my_menu: "Mis ajustes", to_all_rooms: "Todas las salas",

  theme: "Tema", theme_system: "Como el sistema", theme_light: "Claro", theme_dark: "Oscuro", language: "Idioma", announcements: "El lector de pantalla oye",
  announce_all: "Todos los mensajes", announce_mentions: "Menciones", announce_counts: "Solo cuántos", announce_nothing: "Nada",
  rename: "Cambiar mi nombre", rename_title: "Tu nombre", export_me: "Descargar mis datos", sign_out: "Salir en esta pestaña", invite_people: "Invitar", invite: "Invitar",

  // Room
  search: "Buscar", room_menu: "Menú de la sala", n_here: { one: "{n} aquí", other: "{n} aquí" }, closed: "cerrada", locked: "bloqueada", topic: "Tema",
  room_denied: "Esta sala no está abierta para ti", room_begins: "Aquí empieza la sala.", room_empty: "Nadie ha hablado todavía. La primera palabra es tuya.",
  messages_in: "Mensajes en {room}", unread_line: "Nuevo desde tu última visita", n_new: { one: "{n} nuevo", other: "{n} nuevos" }, to_newest: "A lo más reciente",
  page_failed: "No se pudo cargar. Reintentar", n_pinned: { one: "{n} fijado", other: "{n} fijados" }, one_typing: "{names} está escribiendo", some_typing: "{names} están escribiendo", many_typing: "{n} personas están escribiendo",
  slow_n: "modo lento: {n} s", slow_off: "No", slow_mode: "Modo lento", slow_mode_hint: "Cuánto espera cada persona entre dos mensajes.",
  pins: "Fijados", no_pins: "Aquí no hay nada fijado.", copy_room_link: "Copiar enlace de la sala", export_room: "Descargar la sala",
  room_settings: "Ajustes de la sala", room_name: "Nombre", lock_room: "Bloquear la sala", unlock_room: "Desbloquear la sala", lock_lead: "Solo el equipo docente podrá escribir hasta desbloquearla. Todos pueden leer.",
  close_room: "Cerrar la sala", open_room: "Volver a abrir la sala", close_lead: "Nadie podrá escribir más. Todo se podrá seguir leyendo.",

  // Message
  message_by: "{name}, {time}", my_message: "Mi mensaje: {state}", edited: "editado", pinned: "fijado", resolved: "resuelto", answering: "responde a {name}",
  removed: "Este mensaje fue eliminado.", removed_by_author: "Eliminado por su autor.", removed_by_staff: "Eliminado por el equipo docente.", removed_by_staff_reason: "Eliminado por el equipo docente: {reason}",
  reactions: "Reacciones", reaction_count: { one: "{emoji}, {n} persona", other: "{emoji}, {n} personas" }, reaction_mine: { one: "{emoji}, solo tú", other: "{emoji}, {n} personas, tú también" },
  replies: { one: "{n} respuesta", other: "{n} respuestas" }, last_from: "la última de {name} {time}", message_actions: "Qué hacer con este mensaje", react: "Reaccionar", open_thread: "Responder en el hilo",
  more_actions: "Más", reply_to_this: "Responder a este", copy_link: "Copiar enlace", copy_text: "Copiar texto", show_history: "Versiones anteriores", edit: "Editar", pin: "Fijar", unpin: "Dejar de fijar",
  resolve: "Resolver", reopen: "Reabrir", remove_title: "¿Eliminar este mensaje?", remove_lead: "Su texto desaparecerá para todos, también del historial.", history_title: "Versiones de este mensaje",
  sending: "Enviando…", queued_offline: "Espera la conexión", goes_again: "{why} Saldrá solo en {wait}.", failed: "No enviado. {why}",

  // Writing
  write_form: "Escribir en la sala", reply_form: "Responder en el hilo", edit_message: "Editar el mensaje", say_something: "Di algo en {room}", reply_in_thread: "Responde en este hilo",
  preview: "Vista previa", bold: "Negrita", italic: "Cursiva", code: "Código", formula: "Fórmula", suggestions: "Sugerencias", chars_left: "quedan {n}", answer_thread: "Responder a todo el hilo",
  room_is_closed: "Esta sala está cerrada. Puedes leerlo todo.", you_observe: "Estás aquí como oyente: puedes leer.", room_is_locked: "La sala está bloqueada: por ahora solo escribe el equipo docente.",
  slash_words: "palabras", slash_name: "nombre", slash_person: "@persona", slash_reason: "motivo", slash_seconds: "segundos", slash_search: "Buscar mensajes", slash_people: "Quién está aquí", slash_pins: "Mensajes fijados",
  slash_help: "Teclas y escritura", slash_rename: "Cambiar mi nombre", slash_mute: "Silenciar a alguien aquí", slash_lock: "Solo escribe el equipo docente", slash_unlock: "Todos pueden escribir", slash_slow: "Modo lento; 0 lo quita",
  slash_topic: "Poner el tema", slash_invite: "Hacer un enlace de invitación", slash_unknown: "No existe esa orden. Para empezar un mensaje con una barra, escribe dos: //",
  slash_name_missing: "Escribe el nombre tras la orden.", slash_person_missing: "Aquí nadie se llama así.", slash_seconds_wrong: "Da segundos de 0 a 3600.",

  // Side panels
  thread: "Hilo", close_panel: "Cerrar el panel", thread_long: "Este hilo es muy largo; se muestran sus primeras respuestas.", search_words: "Palabras que buscar", search_results: "Resultados", filters: "Acotar",
  all_rooms: "Todas las salas", from_date: "Desde", to_date: "Hasta", searching: "Buscando…", n_found: { one: "{n} mensaje", other: "{n} mensajes" }, search_hint: "Encuentra lo que se dijo en cualquier sala del grupo.",
  nothing_found: "No se encontró nada", nothing_found_hint: "Prueba con menos palabras, con otras o en otra sala.", find_person: "Buscar a alguien", in_this_room: "En esta sala · {n}", elsewhere: "En otra parte · {n}", actions_for: "Acciones para {name}",
  mute: "Silenciar", unmute: "Quitar silencio", mute_person: "Silenciar a {name} aquí", unmute_person: "Quitar el silencio a {name}", mute_title: "Silenciar a {name} en esta sala", mute_lead: "Podrá leer, pero no escribir aquí, durante un tiempo.",
  ban: "Expulsar", ban_person: "Expulsar a {name}", ban_title: "Expulsar a {name} del grupo", ban_lead: "Sus conexiones terminan al momento. Lo que escribió se queda.", change_role: "Cambiar papel", role_title: "Papel de {name}",
  for_how_long: "Durante cuánto", for_10_min: "10 minutos", for_1_h: "1 hora", for_1_day: "1 día", for_1_week: "1 semana", for_1_month: "1 mes", for_good: "Para siempre",
  invite_ask: "Quien abra el enlace podrá entrar con este papel.", valid_for: "Válido durante", make_link: "Hacer un enlace", invite_ready: "El enlace está listo", invite_lead: "Quien lo abra entra como {role}.", invite_until: "Válido hasta {date}.", invite_link: "Enlace de invitación",

  // Connection and notices
  offline: "Estás sin conexión. Sigue escribiendo: saldrá cuando vuelvas", reconnecting: "Conectando de nuevo. Sigue escribiendo: nada se pierde", n_queued: { one: "{n} por enviar", other: "{n} por enviar" }, try_now: "Probar ahora",
  replied_to_you: "{name} te respondió.", message_failed: "Tu mensaje no se envió. {why}", you_were_muted: "Te silenciaron en una sala: {reason}", your_role_is: "Tu papel es ahora {role}.",

  // Spoken
  announce_one: "{name}: {text}", announce_many: { one: "{n} mensaje nuevo. El último, {name}: {text}", other: "{n} mensajes nuevos. El último, {name}: {text}" },
  announce_mention: { one: "{name} te mencionó: {text}", other: "{n} mensajes nuevos. {name} te mencionó: {text}" }, announce_count: { one: "{n} mensaje nuevo", other: "{n} mensajes nuevos" },

  // Help
  help_title: "Teclas y escritura", keys_everywhere: "En todas partes", keys_log: "Sobre un mensaje", keys_composer: "Al escribir", key_f6: "Recorrer los paneles", key_search: "Buscar", key_help: "Esta ayuda", key_escape: "Cerrar lo abierto; volver a escribir",
  key_move: "Moverse entre mensajes", key_thread: "Abrir el hilo", key_react: "Reaccionar", key_edit: "Editar mi mensaje", key_copy: "Copiar su enlace", key_pin: "Fijar (equipo docente)", key_redact: "Eliminar", key_send: "Enviar", key_newline: "Nueva línea", key_edit_last: "Editar mi último mensaje (con el campo vacío)",
  key_mention: "Mencionar a alguien", key_slash: "Órdenes", writing_title: "Escritura", writing_help: "Markdown: **negrita**, *cursiva*, `código`, listas, > citas, ``` para un bloque de código. Fórmulas: $x^2$ en la línea, $$…$$ aparte.",

  // Why something was refused, by code of the protocol
  refused_malformed: "El servidor no lo entendió. Recarga la página; puede ser antigua.", refused_text_empty: "No hay nada que enviar.", refused_text_too_long: "El texto es demasiado largo: 8000 caracteres como mucho.", refused_name_invalid: "El nombre está vacío o es demasiado largo.",
  refused_reason_required: "Hace falta un motivo.", refused_emoji_not_allowed: "Esa reacción no se usa en esta sala.", refused_key_reused: "Esto ya se usó para otra cosa. Inténtalo de nuevo.", refused_unknown_stream: "Ese lugar no existe o no es para ti.",
  refused_unknown_cohort: "Ese grupo no existe.", refused_unknown_room: "Esa sala no existe o no es para ti.", refused_unknown_message: "Ese mensaje no existe.", refused_unknown_member: "Aquí no hay nadie así.", refused_unknown_invite: "Esa invitación no existe.",
  refused_not_allowed: "Tu papel no lo permite.", refused_not_author: "Solo puede hacerlo su autor.", refused_not_a_member: "No perteneces a este grupo.", refused_banned: "Te expulsaron de este grupo.", refused_muted: "Estás en silencio en esta sala por un tiempo.",
  refused_token_invalid: "Tu acceso no es válido aquí.", refused_token_expired: "Tu acceso ha caducado.", refused_invite_invalid: "Esta invitación no es válida o ya se usó.", refused_invite_expired: "Esta invitación es demasiado antigua. Pide otra.",
  refused_room_locked: "La sala está bloqueada por ahora.", refused_room_closed: "La sala está cerrada.", refused_already_redacted: "Este mensaje ya fue eliminado.", refused_precondition_failed: "Cambió mientras tanto. Míralo de nuevo.",
  refused_slow_mode: "Modo lento: un mensaje cada vez.", refused_rate_limited: "Eso fue mucho de golpe.", refused_too_many_in_flight: "Hay demasiado en marcha.", refused_too_many: "Ya hay demasiados.", refused_storage_full: "El disco del servidor está lleno. Se puede leer.",
  refused_unavailable: "El servidor no puede hacerlo ahora.", refused_overloaded: "El servidor está ocupado.", refused_draining: "El servidor se está reiniciando.", refused_internal: "Algo falló en el servidor.", refused_offline: "No hay conexión.",
  refused_outbox_full: "Ya hay demasiado por enviar.",

  // Why the connection was ended, by close code
  closed_4500: "Tu acceso ya no es válido aquí.", closed_4501: "Ya no perteneces a este grupo.", closed_4502: "Te expulsaron de este grupo.", closed_4503: "La aplicación y el servidor no se entienden. Recarga.", closed_4504: "La aplicación y el servidor no se entienden. Recarga.",
  closed_4505: "La aplicación y el servidor no se entienden. Recarga.", closed_4506: "Tienes demasiadas conexiones. Cierra otras pestañas.", closed_4507: "Este grupo ya no existe.", closed_4508: "La aplicación se detuvo porque no se entiende con el servidor. Recarga.", closed_another_person: "Esta pestaña es ahora de otra persona. Abre tu enlace otra vez.", closed_other: "El servidor terminó la conexión.",
};
