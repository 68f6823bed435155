//! Levels and kinds of organisations.

use crate::class::list;

list! {
    /// 行政层级 of an organisation.
    Level: "level" {
        /// 国家.
        Nation = "nation", "国家级", "National";
        /// 省、自治区、直辖市.
        Province = "province", "省级", "Provincial";
        /// 市、州、盟.
        City = "city", "市级", "Municipal";
        /// 县、区、旗.
        County = "county", "县级", "County";
        /// 乡、镇、街道.
        Township = "township", "乡镇级", "Township";
    }
}

list! {
    /// What an organisation is under Order 809 Art. 2.
    OrgKind: "organisation kind" {
        /// 政府部门.
        Department = "department", "政府部门", "Government department";
        /// 政务数据共享主管部门 of its level.
        Authority = "authority", "政务数据共享主管部门", "Data-sharing authority";
        /// An organisation that a law or regulation authorises to manage public affairs.
        Authorised = "authorised", "法律法规授权组织", "Authorised organisation";
        /// A government (a node of the tree that holds departments).
        Government = "government", "人民政府", "Government";
    }
}
