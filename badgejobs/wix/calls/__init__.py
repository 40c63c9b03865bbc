"""The requests that we send to Wix, as values; one builder an endpoint."""

from badgejobs.wix.calls.assignments import (
    create_assignment,
    create_assignments,
    delete_assignment,
    delete_assignments,
    delete_nothing,
    query_assignments,
    query_no_assignment,
)
from badgejobs.wix.calls.badges import (
    Place,
    create_badge,
    get_badge,
    move_badge,
    query_badges,
    update_badge,
)
from badgejobs.wix.calls.blog import query_posts
from badgejobs.wix.calls.call import NO_GUID, Call, is_guid
from badgejobs.wix.calls.catalog import (
    catalog_version,
    query_categories,
    query_collections,
    query_products,
    query_products_v3,
)
from badgejobs.wix.calls.comments import (
    MOST_COUNTED,
    Order,
    comments_by_id,
    count_comments,
    get_comment,
    is_resource_id,
    list_comments,
    query_comments,
)
from badgejobs.wix.calls.elsewhere import read_by_get, read_by_post
from badgejobs.wix.calls.orders import (
    get_order,
    list_transactions,
    orders_by_id,
    search_orders,
)
from badgejobs.wix.calls.people import (
    Fieldset,
    app_instance,
    get_member,
    list_members,
    query_members,
    query_members_by_email,
    token,
    token_info,
)
from badgejobs.wix.calls.site import site_properties

__all__ = [
    "MOST_COUNTED",
    "NO_GUID",
    "Call",
    "Fieldset",
    "Order",
    "Place",
    "app_instance",
    "catalog_version",
    "comments_by_id",
    "count_comments",
    "create_assignment",
    "create_assignments",
    "create_badge",
    "delete_assignment",
    "delete_assignments",
    "delete_nothing",
    "get_badge",
    "get_comment",
    "get_member",
    "get_order",
    "is_guid",
    "is_resource_id",
    "list_comments",
    "list_members",
    "list_transactions",
    "move_badge",
    "orders_by_id",
    "query_assignments",
    "query_badges",
    "query_categories",
    "query_collections",
    "query_comments",
    "query_members",
    "query_members_by_email",
    "query_no_assignment",
    "query_posts",
    "query_products",
    "query_products_v3",
    "read_by_get",
    "read_by_post",
    "search_orders",
    "site_properties",
    "token",
    "token_info",
    "update_badge",
]
